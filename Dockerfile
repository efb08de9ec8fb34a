FROM debian:trixie-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap gcc libc6-dev make python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/interleave
COPY .ci/setup .ci/setup
COPY Makefile package.json package-lock.json requirements.lock requirements-node.lock ./
RUN make .venv/.ready-run
COPY static static
COPY templates templates
# Node and pip are for building only, so they stay behind in this stage.
RUN make assets \
    && rm -rf .venv/node .venv/bin/node .venv/bin/npm \
    && .venv/bin/python -m pip uninstall --quiet --yes pip
COPY app app
RUN .venv/bin/python -I -S app/sandbox/accelerator.py app/tracer
# The user who runs the server owns nothing here, so what Python would cache is made now.
RUN .venv/bin/python -m compileall -q app

FROM debian:trixie-slim
# A new volume takes its owner from the folder that it covers.
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap libseccomp2 python3 tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /var/lib/interleave --no-create-home --shell /usr/sbin/nologin interleave \
    && install --directory --mode 0700 --owner interleave --group interleave /var/lib/interleave
WORKDIR /srv/interleave
COPY --from=build /srv/interleave/.venv .venv
COPY --from=build /srv/interleave/static/build static/build
COPY --from=build /srv/interleave/app app
COPY templates templates
ENV HOST=0.0.0.0 PORT=8000 INTERLEAVE_STORE=sqlite:////var/lib/interleave
EXPOSE 8000
VOLUME /var/lib/interleave
USER interleave
# Unhealthy is also a server that can't make sandboxes. The image has no curl, and urllib would ask a proxy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python3", "-ISc", "import http.client, os; \
server = http.client.HTTPConnection('localhost', os.environ.get('INTERLEAVE_PORT', os.environ['PORT']), timeout=4); \
server.request('GET', '/healthz'); raise SystemExit(server.getresponse().status != 200)"]
# An orphan of a sandbox that died becomes a child of process 1, which must reap it.
ENTRYPOINT ["tini", "--"]
CMD [".venv/bin/python", "-m", "app", "serve"]
