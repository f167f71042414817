"""The backends, one file each; `engine.registry` names them by import string."""
