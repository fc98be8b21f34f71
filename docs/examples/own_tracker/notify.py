"""Posts a line to a chat for each new best value, and one when the sweep is over."""

import json
import os
import urllib.request


class Notify:
    def __init__(self, url, sweep, least):
        self.url, self.sweep, self.least = url, sweep, least
        self.best = None

    def handle(self, event, trial):
        better = max if self.sweep.goal == "maximize" else min
        if event["event"] == "report":
            value = event["metrics"][self.sweep.metric]
            known, self.best = self.best, value if self.best is None else better(self.best, value)
            # "replayed": an earlier driver of this sweep saw to it before the sweep was interrupted.
            if self.best != known and better(value, self.least) == value and not event.get("replayed"):
                self.post(
                    f"{self.sweep.name}: {trial.id} has {self.sweep.metric}={value:.4g} with {dict(trial.params)}"
                )
        elif event["event"] == "sweep_end" and not event.get("replayed"):
            self.post(f"{self.sweep.name}: {event['state']}")

    def post(self, text):
        body = json.dumps({"text": text}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def close(self):
        pass


def make(settings, sweep):
    return Notify(os.environ["NOTIFY_URL"], sweep, settings["least"])
