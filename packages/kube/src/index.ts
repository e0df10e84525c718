/** Kubernetes objects to configuration objects. */
export { manifestProblems } from './check-manifests.ts';
export { ClusterLease, type ClusterLeaseOptions } from './cluster-lease.ts';
export { Cluster, objectKey, type ObjectKey } from './cluster.ts';
export { KubeManager, type KubeManagerOptions, type KubernetesReports } from './kube-manager.ts';
export { isKind, kinds, namespaceOf, type Kind, type KubernetesObject } from './kubernetes-object.ts';
export { defaultSettings, type ClusterSettings } from './mapping/cluster-settings.ts';
export {
  nameText,
  type Desired,
  type DesiredObject,
  type Note,
  type ObjectName,
} from './mapping/desired-object.ts';
export { serviceObjects } from './mapping/service.ts';
export { loadBalancerName } from './mapping/service-name.ts';
export { podNames } from './mapping/pod.ts';
export { Reconciler, type Failure } from './reconciler.ts';
export { readManifests, type ManifestFile } from './manifest-file.ts';
export { ManifestSource, type ManifestSourceOptions, type ObjectSink } from './manifest-source.ts';
export { expand, type Workload, type WorkloadSettings } from './workload.ts';
export { clusterReports, ClusterSource, type ClusterSourceOptions } from './cluster-source.ts';
export { KubernetesApi, KubernetesApiError } from './kubernetes-api.ts';
export { ResourceWatch, type WatchHandlers } from './watch.ts';
export { kubeServer } from './kube-server.ts';
export { serviceChain } from './service-chain.ts';
