import Names
import TestFolders
import Testing

@testable import SidecarConfiguration

/// `docs/mapping.md` describes every key, and its examples work.
@Suite struct ReferenceTests {
    let text: String

    init() throws {
        self.text = try projectFile("docs/mapping.md")
    }

    /// The YAML examples, with the lines they begin in.
    var examples: [(line: Int, text: String)] {
        var result: [(line: Int, text: String)] = []
        var open: (line: Int, text: String)?
        for (index, line) in self.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let example = open {
                if line == "```" {
                    result.append(example)
                    open = nil
                } else {
                    open = (example.line, example.text + line + "\n")
                }
            } else if line == "```yaml" {
                open = (index + 2, "")
            }
        }
        return result
    }

    @Test func everyExampleWorks() throws {
        let folder = TemporaryFolder()
        for name in ["pgpassword", "wamp_ticket", "wamp_secret"] { try folder.write(name, "s3cret\n") }
        try folder.write("wamp_proxy", "http://sidecar:s3cret@proxy.example.com:3128\n")
        let certificates = try ["ca.pem", "client.pem", "client.key"].map {
            try TextFile.read("\(CertificateFolder.path)/\($0)", limit: 1 << 16)
        }
        try folder.write("authority.pem", certificates[0])
        // One example has the key in the certificate's file.
        try folder.write("sidecar.pem", certificates[1] + certificates[2])
        try folder.write("sidecar.key", certificates[2])
        let key = String(repeating: "5e", count: 32)
        try folder.write("wamp_key", "\(key)\n")
        let environment = ["WAMP_TICKET": "s3cret", "PGHOST_APP": "db.example.com", "WAMP_SECRET": "s3cret"]
            .merging(["GATEWAY_TOKEN": "s3cret", "PROXY_PASSWORD": "s3cret", "WAMP_KEY": key]) { $1 }
        #expect(self.examples.count >= 15)
        for example in self.examples {
            var text = example.text.replacing("/run/secrets/", with: "\(folder.path)/")
                .replacing("/etc/wamp-sidecar/", with: "\(folder.path)/")
            let begins = { (key: String) in text.hasPrefix("\(key):") || text.contains("\n\(key):") }
            if !begins("router") { text += "\nrouter: { url: ws://127.0.0.1:8080/ws, realm: realm1 }" }
            if !begins("database") { text += "\ndatabase: { url: postgresql://wamp@127.0.0.1:5432/app }" }
            let found = faults(in: text, folder: folder.path, environment: environment)
            #expect(found.isEmpty, "docs/mapping.md:\(example.line): \(found)")
        }
    }

    @Test func everyKeyIsDescribedAndShown() throws {
        let shown = self.examples.map(\.text).joined()
        for (name, keys) in SchemaTests.sections {
            let undescribed = (keys.now + keys.later).filter { !self.text.contains("`\($0)`") }
            #expect(undescribed.isEmpty, "\(name)")
            let unshown = keys.now.filter { !shown.contains("\($0):") }
            #expect(unshown.isEmpty, "\(name)")
        }
    }

    @Test func everyWordIsDescribed() {
        var words: [String] = []
        words += ProcedureMapping.Results.allCases.map(\.rawValue)
        words += ProcedureMapping.Convention.allCases.map(\.rawValue)
        words += InvocationPolicy.allCases.map(\.rawValue)
        words += MatchPolicy.allCases.map(\.rawValue)
        words += LogSettings.Level.allCases.map(\.rawValue)
        words += DatabaseSettings.OnDatabaseLoss.allCases.map(\.rawValue)
        words += RouterSettings.CallTimeoutUnit.allCases.map(\.rawValue)
        words += AuthenticationSettings.Method.allCases.map(\.rawValue)
        words += AuthenticationSettings.ChannelBinding.allCases.map(\.rawValue)
        words += RouterTLSSettings.Minimum.allCases.map(\.rawValue)
        words += RouterTLSSettings.Verify.allCases.map(\.rawValue)
        words += AdminSettings.Page.allCases.map(\.rawValue)
        let undescribed = words.filter { !self.text.contains("`\($0)`") }
        #expect(undescribed.isEmpty)
    }
}
