"""For our tests and for vendors': fixtures (`pytest_plugin`) and the conformance check (`check_plugin`)."""
