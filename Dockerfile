# docker build -t resnet_tf . && docker run -p 8501:8501 -v resnet_tf:/data resnet_tf
# GPU=1 takes TensorFlow with CUDA; EXTRAS names what else is installed, as pyproject.toml calls it (s3,mlflow).
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends graphviz && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY requirements.txt .
ARG GPU=0
RUN if [ "$GPU" = 1 ]; then \
        grep -v '^tensorflow' requirements.txt > /tmp/requirements.txt \
        && pip install --no-cache-dir -r /tmp/requirements.txt 'tensorflow[and-cuda]>=2.20,<2.22'; \
    else pip install --no-cache-dir -r requirements.txt; fi
COPY . .
ARG EXTRAS=""
RUN if [ -n "$EXTRAS" ]; then pip install --no-cache-dir ".[$EXTRAS]"; fi
RUN useradd --uid 1000 --create-home workbench && mkdir /data && chown workbench /data
USER 1000
ENV RESNET_TF_HOME=/data PORT=8501
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=20s CMD python -c "import os, urllib.request as r; r.urlopen(f'http://localhost:{os.environ[\"PORT\"]}/_stcore/health')"
CMD ["sh", "-c", "exec streamlit run app/asgi.py --server.port $PORT --server.address 0.0.0.0 --server.headless true"]
