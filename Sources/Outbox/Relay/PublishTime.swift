import NIOCore

/// When an event was published, by the clock of this process. That may be before the clock began.
struct PublishTime: Equatable {
    private let nanoseconds: Int64

    /// - Parameters:
    ///   - age: how long ago it was at a moment, in nanoseconds.
    ///   - moment: that moment.
    init(age: Int64, at moment: NIODeadline) {
        self.nanoseconds = Int64(clamping: moment.uptimeNanoseconds).subtractingReportingOverflow(age).partialValue
    }

    /// How long ago it is, in nanoseconds; never less than nothing.
    func delay(at now: NIODeadline) -> Int64 {
        let (delay, isTooLong) = Int64(clamping: now.uptimeNanoseconds).subtractingReportingOverflow(self.nanoseconds)
        return isTooLong ? .max : max(delay, 0)
    }
}
