/**
 * The architecture of the nodes whose programs a store holds, as Kubernetes' label `kubernetes.io/arch` has it.
 */
export enum NixArchitecture {
  /** x86-64. */
  AMD64 = 'amd64',
  /** 64-bit ARM. */
  ARM64 = 'arm64',
  /** 32-bit ARM. */
  ARM = 'arm',
  /** x86. */
  I386 = '386',
  /** 64-bit PowerPC, little endian. */
  PPC64LE = 'ppc64le',
  /** 64-bit RISC-V. */
  RISCV64 = 'riscv64',
  /** IBM Z. */
  S390X = 's390x',
}
