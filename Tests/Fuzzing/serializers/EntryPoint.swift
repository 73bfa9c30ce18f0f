/// What LLVM's libFuzzer, whose own `main` this program has, calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    SerializersFuzzer.run(UnsafeBufferPointer(start: octets, count: count))
    return 0
}
