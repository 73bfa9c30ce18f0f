"""The actors of the integration tests: what runs beside the sidecar, and the sidecar itself, each as one noun."""
