"""The actors of the integration tests: the sidecar, and the programs around it, one noun each."""
