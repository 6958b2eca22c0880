# Two stages: the wheel is compiled in the first, which has a compiler; the second holds only what runs.
FROM python:3.11-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev libssl-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml setup.py constraints.txt constraints-runtime.txt README.md ./
RUN python -m venv /opt/gateway \
    && /opt/gateway/bin/pip install --no-cache-dir --require-hashes -r constraints-runtime.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r constraints.txt
COPY compiling compiling
COPY config config
COPY redaction redaction
COPY operators operators
COPY gateway gateway
COPY benchmarks benchmarks
RUN CONNECT_GATEWAY_COMPILED=1 /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/gateway/bin/pip install --no-cache-dir --no-deps /wheels/*.whl \
    && /opt/gateway/bin/connect-gateway --version | grep '(compiled)'

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/gateway gateway \
    && install -d -o gateway -g gateway -m 0700 /var/lib/gateway/data /var/lib/gateway/keys /var/lib/gateway/root /var/lib/gateway/audit
COPY --from=build /opt/gateway /opt/gateway
USER 10001
WORKDIR /var/lib/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The root file system may be read-only: everything is written below these four volumes.
VOLUME ["/var/lib/gateway/data", "/var/lib/gateway/keys", "/var/lib/gateway/root", "/var/lib/gateway/audit"]
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9090/healthz', timeout=2)"]
ENTRYPOINT ["connect-gateway"]
CMD ["serve", "--config", "/etc/gateway"]
