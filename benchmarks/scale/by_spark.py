"""Hourly sums and a MinHash of word triples by what Spark brings itself, on this machine; nothing of ours runs.

    python -m benchmarks.scale.by_spark FILE…

The sums are those that polars makes in ``stages``, the MinHash is of 64 hashes (``pyspark.ml.feature.MinHashLSH``) over
hashed counts of triples. Rows are computed and thrown away. Needs ``stillwatch[spark]`` and Java.
"""

from __future__ import annotations

import sys

_TEXT = "$[0].parts[0].content"
_BUCKETS = 1 << 18


def main() -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import HashingTF, MinHashLSH, NGram, Tokenizer
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    rows = session.read.parquet(*sys.argv[1:])
    hours = rows.groupBy("account_id", f.date_trunc("hour", "ts")).agg(
        f.count("*"), f.sum("output_tokens"), f.countDistinct("client_ip"), f.countDistinct("user_agent")
    )
    hours.write.format("noop").mode("overwrite").save()
    texts = rows.select(f.get_json_object("input_messages", _TEXT).alias("text"))
    steps = Pipeline(
        stages=[
            Tokenizer(inputCol="text", outputCol="words"),
            NGram(n=3, inputCol="words", outputCol="triples"),
            HashingTF(numFeatures=_BUCKETS, binary=True, inputCol="triples", outputCol="counts"),
            MinHashLSH(numHashTables=64, seed=1, inputCol="counts", outputCol="signature"),
        ]
    )
    signed = steps.fit(texts.limit(1)).transform(texts).select("signature")
    signed.write.format("noop").mode("overwrite").save()
    session.stop()


if __name__ == "__main__":
    main()
