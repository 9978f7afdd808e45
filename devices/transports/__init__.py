"""How bytes get to a device and back: serial port, USB, recorder, replay."""
