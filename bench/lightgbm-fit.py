"""One training with LightGBM: lightgbm-fit.py <file of doubles> <threads>. See gradient-boosting.bench.ts."""
import json
import sys
import time

import lightgbm
import numpy
from sklearn.metrics import roc_auc_score

columns, test_rows = 20, 100_000
values = numpy.fromfile(sys.argv[1]).reshape(columns + 1, -1)
threads = int(sys.argv[2])
rows = values.shape[1] - test_rows
x = numpy.asfortranarray(values[:columns, :rows].T)
y = values[columns, :rows]
test_x = numpy.ascontiguousarray(values[:columns, rows:].T)
test_y = values[columns, rows:]

started, cpu_started = time.perf_counter(), time.process_time()
data = lightgbm.Dataset(x, y, params={"max_bin": 255, "num_threads": threads})
parameters = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.1,
    "max_bin": 255,
    "num_threads": threads,
    "verbose": -1,
}
model = lightgbm.train(parameters, data, 100)
seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
auc = roc_auc_score(test_y, model.predict(test_x))
print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "auc": auc}))
