{{- define "tsworker.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels by which the pods are found: they never change. */}}
{{- define "tsworker.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "tsworker.labels" -}}
{{ include "tsworker.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The series of these pods, by the labels that the ServiceMonitor gives them. */}}
{{- define "tsworker.series" -}}
namespace="{{ .Release.Namespace }}",service="{{ include "tsworker.fullname" . }}-metrics"
{{- end -}}

{{- define "tsworker.keysSecret" -}}
{{- default (printf "%s-keys" (include "tsworker.fullname" .)) .Values.access.existingSecret -}}
{{- end -}}

{{- define "tsworker.scaleTarget" -}}
{{- if .Values.autoscaling.target -}}
{{ toYaml .Values.autoscaling.target }}
{{- else if eq .Values.mode "front" -}}
{{- fail "autoscaling.target: expected the model server, such as {apiVersion: apps/v1, kind: Deployment, name: vllm}: in front mode more workers are no more capacity" -}}
{{- else -}}
apiVersion: apps/v1
kind: Deployment
name: {{ include "tsworker.fullname" . }}
{{- end -}}
{{- end -}}

{{/* Combinations that the schema cannot refuse. */}}
{{- define "tsworker.check" -}}
{{- if eq .Values.access.mode "apiKey" -}}
{{- if and .Values.access.keys .Values.access.existingSecret -}}
{{- fail "access: expected either keys or existingSecret, got both" -}}
{{- else if not (or .Values.access.keys .Values.access.existingSecret) -}}
{{- fail "access: expected keys or existingSecret, because access.mode is apiKey; access.mode: open lets everybody in" -}}
{{- end -}}
{{- else if or .Values.access.keys .Values.access.existingSecret -}}
{{- fail (printf "access: expected neither keys nor existingSecret, because access.mode is %s" .Values.access.mode) -}}
{{- end -}}
{{- if eq .Values.access.mode "signature" -}}
{{- if not .Values.engine.reportAddr -}}
{{- fail "engine.reportAddr: expected the engine's URL, because access.mode is signature" -}}
{{- end -}}
{{- if .Values.inferencePool.enabled -}}
{{- fail "inferencePool: expected none where access.mode is signature: the engine routes the requests" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.mode "front") (not .Values.model.host) -}}
{{- fail "model.host: expected the name of the model server's Service, because mode is front" -}}
{{- end -}}
{{- if and (eq .Values.mode "sidecar") .Values.model.host -}}
{{- fail "model.host: expected none where mode is sidecar: vLLM is in the same pod" -}}
{{- end -}}
{{- if eq (int .Values.worker.port) (int .Values.worker.probePort) -}}
{{- fail "worker.probePort: expected another port than worker.port" -}}
{{- end -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas: expected at most autoscaling.maxReplicas" -}}
{{- end -}}
{{- end -}}
