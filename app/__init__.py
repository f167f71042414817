"""The Qt program and the command line; stands on `engine`."""
