"""``python -m xinglin_simulators --config sim.json``."""

from .main import main

raise SystemExit(main())
