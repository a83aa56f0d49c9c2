"""A promoted model and the service as one OCI image. `python -m deploy.image --help`"""
