"""The gateway protocol: messages, codes, frames, and the connection that carries them."""
