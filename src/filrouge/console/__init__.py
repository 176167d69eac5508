"""The console: the door through which the company's teams come in."""
