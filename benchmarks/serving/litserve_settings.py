"""How LitServe is run, whatever it runs."""

import litserve

MAX_BATCH = 16
BATCH_TIMEOUT_S = 0.005  # while others arrive; a twentieth of what a batch takes
TIMEOUT_S = 60


def run(api: litserve.LitAPI, port: int, workers: int) -> None:
    """Serve until told to stop; each worker decodes, batches and infers for itself."""
    server = litserve.LitServer(
        api,
        accelerator="cpu",
        workers_per_device=workers,
        timeout=TIMEOUT_S,
        fast_queue=True,  # answers come back over ZeroMQ, not through a manager's queue
    )
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=1,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
