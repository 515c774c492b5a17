"""What hand-written SQL and Feast do for a training set. See training-set.bench.ts.

training-set.py make <folder> <rows> <moments> <entities>    the tables, seeded
training-set.py latest-sql | windows-join | windows-sums | latest-feast <folder>    writes <folder>/<work>.parquet
training-set.py check <file> <column,column>    rows, non-nulls and sums
"""
import json
import sys

work, folder = sys.argv[1:3]
FACTS, MOMENTS, OUT = f"{folder}/facts.parquet", f"{folder}/moments.parquet", f"{folder}/{work}.parquet"
# The windows of Noonmark: the tail at a full hop.
WINDOWS = [("1h", 3_600_000, 300_000), ("1d", 86_400_000, 3_600_000), ("7d", 604_800_000, 3_600_000)]


def since(at, length, hop):
    return f"(({at} - {length}) // {hop} * {hop})"


def make():
    import duckdb

    rows, moments, entities = map(int, sys.argv[3:6])
    first, days = 1_704_067_200_000, 90
    c = duckdb.connect()
    c.sql("SET threads = 1")
    c.execute("SELECT setseed(0.42)").fetchall()
    c.sql(
        f"""COPY (SELECT epoch_ms(({first} + random() * {days * 86_400_000})::BIGINT) AS event_ts,
        floor(random() * {entities})::BIGINT AS entity, round(random() * 100, 2) AS v1, random() AS v2,
        random() * 1000 - 500 AS v3, round(random() * 10) AS v4 FROM range({rows}) ORDER BY 1, 2) TO '{FACTS}'"""
    )
    c.sql(
        f"""COPY (SELECT range AS id, floor(random() * {entities})::BIGINT AS entity,
        epoch_ms(({first} + 864000000 + random() * {(days - 10) * 86_400_000})::BIGINT) AS ts
        FROM range({moments})) TO '{MOMENTS}'"""
    )


def latest_sql():
    import duckdb

    duckdb.sql(
        f"""COPY (SELECT m.*, f.v1, f.v2, f.v3, f.v4 FROM '{MOMENTS}' m
        ASOF LEFT JOIN '{FACTS}' f ON m.entity = f.entity AND m.ts > f.event_ts) TO '{OUT}'"""
    )


def windows_join():
    """Every moment with the facts of its longest window, then grouped: what most people write."""
    import duckdb

    counted = ", ".join(
        f"count(f.v1) FILTER (f.t >= {since('m.t', length, hop)}) AS count_{name}, "
        f"sum(f.v1) FILTER (f.t >= {since('m.t', length, hop)}) AS sum_{name}"
        for name, length, hop in WINDOWS
    )
    duckdb.sql(
        f"""COPY (SELECT m.id, {counted} FROM (SELECT *, epoch_ms(ts) AS t FROM '{MOMENTS}') m
        LEFT JOIN (SELECT *, epoch_ms(event_ts) AS t FROM '{FACTS}') f
        ON m.entity = f.entity AND f.t >= {since('m.t', *WINDOWS[2][1:])} AND f.t < m.t GROUP BY m.id) TO '{OUT}'"""
    )


def windows_sums():
    """Running sums in one pass over facts, moments and the beginnings of their windows: what an expert writes."""
    import duckdb

    start = "CASE k WHEN 0 THEN t " + " ".join(
        f"WHEN {k} THEN {since('t', length, hop)}" for k, (_, length, hop) in enumerate(WINDOWS, 1)
    )
    picked = ", ".join(
        f"max(n) FILTER (k = 0) - max(n) FILTER (k = {k}) AS count_{name}, "
        f"CASE WHEN count_{name} > 0 THEN sum(s) FILTER (k = 0) - sum(s) FILTER (k = {k}) END AS sum_{name}"
        for k, (name, _, _) in enumerate(WINDOWS, 1)
    )
    c = duckdb.connect()
    c.sql("SET preserve_insertion_order = false")
    c.sql(
        f"""CREATE TEMP TABLE x AS SELECT id, k, n, s FROM (
        SELECT id, k, count(v) OVER w AS n, coalesce(sum(v) OVER w, 0) AS s FROM (
        SELECT entity, epoch_ms(event_ts) AS t, v1 AS v, NULL AS id, 9 AS k FROM '{FACTS}' UNION ALL
        SELECT entity, {start} END, NULL, id, k FROM (SELECT *, epoch_ms(ts) AS t FROM '{MOMENTS}'), range(4) AS r(k))
        WINDOW w AS (PARTITION BY entity ORDER BY t, k ROWS UNBOUNDED PRECEDING)) WHERE id IS NOT NULL"""
    )
    c.sql(f"COPY (SELECT id, {picked} FROM x GROUP BY id) TO '{OUT}'")


def latest_feast():
    import tempfile
    from datetime import timedelta

    import pandas
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
    from feast.types import Float64
    from feast.value_type import ValueType

    registry = tempfile.mkdtemp()
    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=f"{registry}/registry.db",
            offline_store={"type": "duckdb"},
            online_store={"type": "sqlite", "path": f"{registry}/online.db"},
            entity_key_serialization_version=3,
        )
    )
    entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
    view = FeatureView(
        name="facts",
        entities=[entity],
        ttl=timedelta(days=0),
        schema=[Field(name=f"v{at}", dtype=Float64) for at in range(1, 5)],
        source=FileSource(path=FACTS, timestamp_field="event_ts"),
    )
    store.apply([entity, view])
    moments = pandas.read_parquet(MOMENTS).rename(columns={"ts": "event_timestamp"})
    features = [f"facts:v{at}" for at in range(1, 5)]
    store.get_historical_features(entity_df=moments, features=features).to_df().to_parquet(OUT)


def check():
    import duckdb

    columns = sys.argv[3].split(",")
    sums = ", ".join(f"count({c}), round(sum({c}), 0)" for c in columns)
    print(json.dumps([float(x or 0) for x in duckdb.sql(f"SELECT count(*), {sums} FROM '{folder}'").fetchall()[0]]))


{
    "make": make,
    "latest-sql": latest_sql,
    "windows-join": windows_join,
    "windows-sums": windows_sums,
    "latest-feast": latest_feast,
    "check": check,
}[work]()
