import { IConstruct } from 'constructs';

/**
 * What is found out of a whole app: once for all that ask, and anew whenever the app is validated.
 *
 * @param mark where the app keeps it; the same in every copy of this library
 */
export function foundInApp<T>(root: IConstruct, mark: symbol, find: () => T): T {
  const marked = root as unknown as { [mark: symbol]: { value?: T } | undefined };
  let kept = marked[mark];
  if (!kept) {
    const found: { value?: T } = {};
    Object.defineProperty(root, mark, { value: found });
    whenValidated(root, () => {
      found.value = undefined;
    });
    kept = found;
  }
  kept.value ??= find();
  return kept.value;
}

/** Forget what may have changed since the app was validated last, which somebody else may have done between two syntheses. */
export function whenValidated(root: IConstruct, forget: () => void): void {
  root.node.addValidation({
    validate: () => {
      forget();
      return [];
    },
  });
}
