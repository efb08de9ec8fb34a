FROM debian:trixie-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/interleave
COPY .ci/setup .ci/setup
COPY Makefile package.json package-lock.json requirements.lock requirements-node.lock ./
RUN make .venv/.ready-run
COPY static static
COPY templates templates
# Node is for building only, so it stays behind in this stage.
RUN make assets && rm -rf .venv/node .venv/bin/node .venv/bin/npm
COPY app app
# The user who runs the server owns nothing here, so what Python would cache is made now.
RUN .venv/bin/python -m compileall -q app

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap python3 tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /var/lib/interleave --create-home --shell /usr/sbin/nologin interleave
WORKDIR /srv/interleave
COPY --from=build /srv/interleave/.venv .venv
COPY --from=build /srv/interleave/static/build static/build
COPY --from=build /srv/interleave/app app
COPY templates templates
ENV HOST=0.0.0.0 PORT=8000 INTERLEAVE_STORE=sqlite:////var/lib/interleave
EXPOSE 8000
VOLUME /var/lib/interleave
USER interleave
# An orphan of a sandbox that died becomes a child of process 1, which must reap it.
ENTRYPOINT ["tini", "--"]
CMD [".venv/bin/python", "-m", "app", "serve"]
