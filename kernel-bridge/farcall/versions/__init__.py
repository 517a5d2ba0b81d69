"""What a function is: its code, its captured values and its local modules, and the hashes of them."""
