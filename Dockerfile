# docker build -t resnet_tf . && docker run -p 8501:8501 -v resnet_tf:/data resnet_tf
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends graphviz && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN useradd --create-home workbench && mkdir /data && chown workbench /data
USER workbench
ENV RESNET_TF_HOME=/data PORT=8501
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=20s CMD python -c "import os, urllib.request as r; r.urlopen(f'http://localhost:{os.environ[\"PORT\"]}/_stcore/health')"
CMD ["sh", "-c", "exec streamlit run app/main.py --server.port $PORT --server.address 0.0.0.0 --server.headless true"]
