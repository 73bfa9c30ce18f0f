import Glibc

/// What this process fuzzes: see `scripts/fuzz`, which sets it.
private let target: FuzzTarget = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        print("FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        exit(64)
    }
    return target
}()

/// What LLVM's libFuzzer, whose own `main` this program has, calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: octets, count: count)))
    return 0
}
