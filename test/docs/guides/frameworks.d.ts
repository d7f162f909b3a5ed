// As much of React, Vue and a sign-in as the guides use: none of them is installed here.

declare namespace JSX {
  interface IntrinsicElements {
    button: { type: 'button'; disabled: boolean; onClick: () => void; children?: unknown };
  }
}

declare module 'react' {
  export function useState<T>(first: T): [T, (next: T) => void];
  export function useState<T>(): [T | undefined, (next: T) => void];
  export function useEffect(effect: () => void, dependencies: readonly unknown[]): void;
}

declare module 'vue' {
  export function onMounted(hook: () => void): void;
  export function ref<T>(first: T): { value: T };
  export function shallowRef<T>(): { value: T | undefined };
}
