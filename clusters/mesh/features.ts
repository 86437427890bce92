/** What a check may need of a running proxy that not every build of it has: a counter of requests with source, destination and status. */
export type MeshFeature = 'request-metrics';
