"""`make audit`: what may be wrong with a data set, as a page to look at and a list to act on.

`audit` does it all: `evidence` is what the network says of each picture, `suspects` and
`copies` turn it into findings, `page` and `data.audit_csv` write them down.
"""

from training.audit.auditing import AuditResult, audit, table

__all__ = ["AuditResult", "audit", "table"]
