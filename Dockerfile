# The image of web, worker, beat and migrate (docker-compose.yml). Nothing secret is in it.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
COPY requirements/runtime.txt /build/runtime.txt
RUN pip install --require-hashes --only-binary :all: -r /build/runtime.txt
WORKDIR /app
COPY . .
RUN python -m haier_market.catalogues
# Collecting files reads the settings, which insist on every secret; these are of no use to anybody.
RUN MARKET_ENV=production ALLOWED_HOSTS=build DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build \
    EXPORTS_DIR=/exports \
    SECRET_KEY=only-for-collecting-files BID_KEY=b25seS1mb3ItY29sbGVjdGluZy1maWxlcy0wMDAwMDA= \
    PAYOUT_KEY=b25seS1mb3ItY29sbGVjdGluZy1maWxlcy0xMTExMTE= \
    python manage.py collectstatic --noinput
RUN python -m compileall -q .

FROM python:3.11-slim
RUN groupadd --system --gid 10001 market \
    && useradd --system --uid 10001 --gid market --no-create-home --home-dir /nonexistent market \
    && install -d -o market -g market -m 0700 /data /exports
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MARKET_ENV=production STATIC_ROOT=/app/staticfiles DATA_DIR=/data EXPORTS_DIR=/exports
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "haier_market.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "8", "--timeout", "120", "--graceful-timeout", "30", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
