/** A proxy feature that a check may need and not every build has: a counter of requests with source, destination and status. */
export type MeshFeature = 'request-metrics';
