"""What runs beside the service, or around it: manifests, rules, the dashboard, a release."""
