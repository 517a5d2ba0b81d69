"""How a call runs, seen from its caller: opened, fed, followed, waited for, read again."""
