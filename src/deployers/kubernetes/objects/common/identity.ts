/** One deployment in its namespace. */
export interface Identity {
  /** `deployment-id`: prefix of every object's name, value of the label `app`. */
  readonly deploymentId: string;
  /** Last part of the spec's `stack`; empty if there is none. */
  readonly stack: string;
  readonly namespace: string;
  /** The absolute path of the deployment directory: written into the namespace's annotation. */
  readonly directory: string;
}
