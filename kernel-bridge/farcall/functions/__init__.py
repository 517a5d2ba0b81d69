"""What a Function is made of: its definition, its maps, its scaling, how it takes inputs, what its name means now."""
