"""The portal's side of the admin API (`schemas/openapi.yaml`), which the desktop admin tool speaks."""
