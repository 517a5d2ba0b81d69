"""What runs beside containers: the supervisor, and the keepers (zygote, spawner) that bring them into being."""
