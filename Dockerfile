# The daemons of the suite: one image, a command each. docker-compose.yml and deploy/lab.clab.yml run it.
FROM node:22.21.1-bookworm-slim AS build
WORKDIR /vaportrail
COPY . .
RUN npm install --no-audit --no-fund && npx --no-install tsc -b && npm prune --omit=dev --no-audit --no-fund

FROM node:22.21.1-bookworm-slim
WORKDIR /vaportrail
COPY --from=build /vaportrail /vaportrail
RUN ln -s /vaportrail/packages/cli/bin/vaportrail.js /usr/local/bin/vaportrail
# BGP listens on port 179.
USER root
STOPSIGNAL SIGTERM
ENTRYPOINT ["vaportrail"]
CMD ["--help"]
