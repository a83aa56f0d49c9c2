"""Any number of pictures through the exported model, on Ray Data: here, or on a cluster."""
