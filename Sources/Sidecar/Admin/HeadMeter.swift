/// Measures the heads of requests as they come, before anything reads them: a head has a limit, wherever it ends.
///
/// No request has a body here, so what follows a head is the next one.
struct HeadMeter: Equatable {
    /// What is too long.
    enum Excess: Equatable {
        /// The first line, with what is asked for.
        case target
        /// The lines below it.
        case fields
    }

    /// The most octets of a head.
    static let limit = 8 * 1024

    private var octets = 0
    private var isFirstLine = true
    private var isLineEmpty = true

    /// More octets came.
    ///
    /// - Returns: what is too long; nil: nothing is.
    mutating func read(_ bytes: some Sequence<UInt8>) -> Excess? {
        for byte in bytes {
            self.octets += 1
            switch byte {
            case UInt8(ascii: "\n"):
                if self.isLineEmpty {
                    self = HeadMeter()
                } else {
                    self.isFirstLine = false
                    self.isLineEmpty = true
                }
            case UInt8(ascii: "\r"): break
            default: self.isLineEmpty = false
            }
            if self.octets > Self.limit { return self.isFirstLine ? .target : .fields }
        }
        return nil
    }
}
