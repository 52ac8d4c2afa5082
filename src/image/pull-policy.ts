import * as kplus from 'cdk8s-plus-28';
import { imageReference, isFloating } from '../base/image-reference';

/** When an image is pulled unless somebody says otherwise, as Kubernetes has it: what floats would otherwise be what a node happens to have. */
export function defaultPullPolicy(reference: string): kplus.ImagePullPolicy {
  const parts = imageReference(reference);
  return parts && isFloating(parts) ? kplus.ImagePullPolicy.ALWAYS : kplus.ImagePullPolicy.IF_NOT_PRESENT;
}
