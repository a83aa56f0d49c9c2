"""Prints the Grafana dashboard, which lies in grafana/dashboards/catdog.json (docs/operations.md).

`deploy.panels` says what is shown; here is where it lies and how Grafana spells it. For Grafana
10 and later.
"""

import json
from collections.abc import Iterator

from deploy.panels import JOB, ROWS, WIDTH, Panel

HEIGHT = 8  # rows of a panel with a time axis; others are half as high
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, object]:
    """The whole, as Grafana reads it."""
    return {
        "uid": "catdog",
        "title": "Cat or dog",
        "description": "docs/operations.md says how to read it, docs/runbooks.md what to do.",
        "tags": ["catdog"],
        "schemaVersion": 39,
        "editable": False,
        "graphTooltip": 1,  # one cursor for all panels
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables()},
        "annotations": {"list": [_model_changes()]},
        "panels": list(_panels()),
    }


def _panels() -> Iterator[dict[str, object]]:
    number, y = 0, 0
    for title, panels in ROWS.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            "panels": [],
        }
        x, y = 0, y + 1
        height = HEIGHT if any(panel.kind == "timeseries" for panel in panels) else HEIGHT // 2
        for panel in panels:
            number += 1
            if x + panel.width > WIDTH:
                x, y = 0, y + height
            yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": height})
            x += panel.width
        y += height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, object]:
    defaults: dict[str, object] = {"unit": panel.unit, "min": 0}
    if panel.most is not None:
        defaults["max"] = panel.most
    options: dict[str, object] = {"reduceOptions": {"calcs": ["lastNotNull"]}}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal" if panel.is_stacked else "none"}
        fill = 30 if panel.is_stacked else 0
        defaults["custom"] = {"lineWidth": 2, "fillOpacity": fill, "stacking": stacking}
        options = {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": DATASOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": panel.kind != "timeseries",
                "range": panel.kind == "timeseries",
            }
            for index, (expression, legend) in enumerate(panel.queries)
        ],
    }


def _variables() -> list[dict[str, object]]:
    """What stands at the top of the page to choose from."""
    job = "label_values(catdog_model_info, job)"
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {
            "name": "job",
            "label": "Job",
            "type": "query",
            "datasource": DATASOURCE,
            "query": {"query": job, "refId": "job"},
            "definition": job,
            "refresh": 1,
        },
    ]


def _model_changes() -> dict[str, object]:
    """A mark across all panels where a model begins to answer."""
    models = f"count by (tag) (catdog_model_info{{{JOB}}}"
    return {
        "name": "Model",
        "enable": True,
        "iconColor": "purple",
        "datasource": DATASOURCE,
        "expr": f"{models}) unless {models} offset 1m)",
        "titleFormat": "{{tag}} begins to answer",
        "step": "60s",
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=2))
