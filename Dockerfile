# syntax=docker/dockerfile:1
# The source as an image: docker build --tag mixpanel-to-duckdb/source-mixpanel-parallel:0.1.0 .
# `airbyte-cdk image build` hands BASE_IMAGE over, the platform's own base, from metadata.yaml.
ARG BASE_IMAGE=docker.io/library/python:3.11.11-slim-bookworm@sha256:6ed5bff4d7d377e2a27d9285553b8c21cfccc4f00881de1b24c9bc8d90016e82

FROM ${BASE_IMAGE} AS build
COPY requirements/source.txt /tmp/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt

FROM ${BASE_IMAGE}
COPY --from=build /opt/venv /opt/venv
COPY main.py /airbyte/integration_code/
COPY source_mixpanel_parallel /airbyte/integration_code/source_mixpanel_parallel
WORKDIR /airbyte/integration_code
# The number of the base's user `airbyte`: a platform that forbids root can tell from a number alone.
USER 1000:1000
ENV PYTHONDONTWRITEBYTECODE=1
ENV AIRBYTE_ENTRYPOINT="/opt/venv/bin/python /airbyte/integration_code/main.py"
ENTRYPOINT ["/opt/venv/bin/python", "/airbyte/integration_code/main.py"]
