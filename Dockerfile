# Built once with everything, shipped with what it runs on.
FROM node:24-bookworm-slim AS build
WORKDIR /opt/sluice
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY commands ./commands
RUN npm run build && npm ci --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/sluice
COPY --from=build /opt/sluice/package.json ./
COPY --from=build /opt/sluice/node_modules ./node_modules
COPY --from=build /opt/sluice/dist ./dist
COPY docs ./docs
RUN useradd --system --uid 8630 --home-dir /var/lib/sluice --create-home sluice && chmod 0700 /var/lib/sluice
USER sluice
VOLUME /var/lib/sluice
# Nothing between the signal and the process: SIGTERM ends it after the write in flight.
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["--config", "/etc/sluice/sluice.yaml"]
