# The program alone: no shell, no package manager, no user with rights.
#   docker run --rm -v "$PWD:/work:ro" ghcr.io/netpol-impact/netpol-impact diff --base before/ --head after/
#
# It holds the very file of the release. The build context is what .github/release/build.sh leaves in dist/image.
FROM scratch
ARG VERSION=unreleased
ARG TARGETPLATFORM=linux/amd64
LABEL org.opencontainers.image.title="netpol-impact" \
      org.opencontainers.image.description="Which network connections a change of Kubernetes manifests blocks or opens" \
      org.opencontainers.image.source="https://github.com/netpol-impact/netpol-impact" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY ${TARGETPLATFORM}/netpol-impact /netpol-impact
# The sandbox keeps what it renders in memory; a folder for what libraries insist on.
COPY --chown=65532:65532 tmp /tmp
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/netpol-impact"]
