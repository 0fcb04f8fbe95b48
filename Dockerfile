# syntax=docker/dockerfile:1
# Two stages: build in the first, serve from the second.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/leadledger
COPY requirements.txt ./
RUN /opt/leadledger/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md ./
COPY domain ./domain
COPY events ./events
COPY projections ./projections
COPY service ./service
COPY migrations ./migrations
RUN /opt/leadledger/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN groupadd --system --gid 10001 leadledger \
    && useradd --system --uid 10001 --gid leadledger --home-dir /var/lib/leadledger leadledger \
    && install --directory --owner leadledger --group leadledger --mode 0700 /var/lib/leadledger
COPY --from=build /opt/leadledger /opt/leadledger
ENV PATH=/opt/leadledger/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LEADLEDGER_HOST=0.0.0.0 \
    LEADLEDGER_PORT=8080 \
    LEADLEDGER_DATA_DIR=/var/lib/leadledger \
    LEADLEDGER_LOG_FORMAT=json
USER leadledger
WORKDIR /var/lib/leadledger
VOLUME /var/lib/leadledger
EXPOSE 8080
# Liveness of this process. /readyz reports readiness (database, migrations, lag).
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['LEADLEDGER_PORT']}/livez\", timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["leadledger"]
CMD ["serve"]
