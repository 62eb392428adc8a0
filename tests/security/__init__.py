"""`make scan`: scanners that we did not write, over the code, its dependencies and the running demo."""
