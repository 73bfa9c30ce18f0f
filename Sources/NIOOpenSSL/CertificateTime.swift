internal import COpenSSL
internal import Glibc

/// The beginning or the end of a certificate's validity (RFC 5280, 4.1.2.5).
package struct CertificateTime: Sendable, Equatable {
    /// In seconds since 1970, for a program; nil if it is illegible.
    package let seconds: Int64?
    /// For people: `2026-12-24 18:00 UTC`.
    package let text: String

    init(_ time: UnsafePointer<ASN1_TIME>?) {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else {
            self.seconds = nil
            self.text = "an illegible time"
            return
        }
        let numbers = unsafe [parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }
        self.text = unsafe "\(parts.tm_year + 1900)-\(numbers[0])-\(numbers[1]) \(numbers[2]):\(numbers[3]) UTC"
        self.seconds = unsafe Int64(timegm(&parts))
    }
}
