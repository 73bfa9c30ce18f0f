import Testing

@testable import SidecarConfiguration

/// What holds for the keys of every section.
@Suite struct KeysTests {
    /// A section's table, and the first lines of a file with one key in such a section.
    struct Place: Sendable, CustomTestStringConvertible {
        let name: String
        let keys: KeyTable
        let before: String
        let after: String

        var testDescription: String { self.name }

        func text(_ key: String, _ value: String) -> String { "\(self.before)\(key): \(value)\(self.after)\n" }
    }

    static let places = [
        Place(name: "file", keys: .file, before: "", after: ""),
        Place(name: "router", keys: .router, before: "router: { ", after: " }"),
        Place(name: "auth", keys: .authentication, before: "router: { auth: { ", after: " } }"),
        Place(name: "database", keys: .database, before: "database: { ", after: " }"),
        Place(name: "procedure", keys: .procedure, before: "procedures: { com.example.a: { ", after: " } }"),
        Place(name: "subscription", keys: .subscription, before: "subscriptions: { com.example.a: { ", after: " } }"),
        Place(name: "caller", keys: .caller, before: "caller: { ", after: " }"),
        Place(name: "outbox", keys: .outbox, before: "outbox: { ", after: " }"),
        Place(name: "dead_letter", keys: .deadLetter, before: "dead_letter: { ", after: " }"),
        Place(name: "notification", keys: .notification, before: "notifications: { channel: { ", after: " } }"),
        Place(
            name: "options", keys: .publishOptions, before: "notifications: { channel: { publish: t.u, options: { ",
            after: " } } }"),
        Place(
            name: "router.tls", keys: .routerTLS, before: "router: { url: \"wss://h\", realm: r, tls: { ",
            after: " } }"),
        Place(
            name: "caller.tls", keys: .callerTLS, before: "caller: { listen: \"[::1]:1\", tls: { ", after: " } }"),
        Place(name: "admin", keys: .admin, before: "admin: { ", after: " }"),
        Place(
            name: "admin.tls", keys: .adminTLS, before: "admin: { listen: \"[::1]:1\", tls: { ", after: " } }"),
        Place(name: "log", keys: .log, before: "log: { ", after: " }"),
    ]

    /// No key expects a list within a list, so a key that is read is refused at its value.
    @Test(arguments: places) func everyKeyIsReadAndRefusesAWrongType(_ place: Place) {
        for key in place.keys.now {
            let text = place.text(key, "[[]]")
            let column = place.before.count + key.count + 3
            let found = faults(in: text).filter { !$0.contains("is missing") }
            #expect(
                found.contains {
                    $0.hasPrefix("sidecar.yaml:1:\(column)") || $0.hasPrefix("sidecar.yaml:1:\(column + 1)")
                },
                "\(key): \(found)")
            #expect(!found.contains { $0.contains("unknown key") || $0.contains("not supported") }, "\(key): \(found)")
        }
    }

    @Test(arguments: places) func aKeyWithoutAValueIsRefused(_ place: Place) {
        let mayBeEmpty = [
            "procedures", "subscriptions", "notifications", "caller", "outbox", "dead_letter", "admin", "log", "auth",
            "options",
            "router", "database", "tls", "testament",
        ]
        for key in place.keys.now where !mayBeEmpty.contains(key) && key != "roles" {
            let found = faults(in: place.text(key, ""))
            #expect(
                found.contains { $0.contains("'\(key)'") && $0.contains("is nothing instead of") }, "\(key): \(found)")
        }
    }

    @Test(arguments: places) func laterKeysAreRefusedByName(_ place: Place) {
        for key in place.keys.later {
            let expected = "1:\(place.before.count + 1): '\(key)' is not supported by this version of wamp-sidecar"
            #expect(faults(in: place.text(key, "{ a: b }")).contains { $0.contains(expected) }, "\(key)")
        }
    }

    @Test(arguments: places) func misspeltKeysAreRefusedWithASuggestion(_ place: Place) {
        for key in place.keys.now {
            let expected = "unknown key '\(key)x'"
            let found = faults(in: place.text("\(key)x", "5"))
            #expect(found.contains { $0.contains(expected) && $0.contains("did you mean '") }, "\(key): \(found)")
        }
    }

    @Test func whatIsUnlikeAnyKeyIsToldTheKeys() {
        #expect(
            faults(below: "log: { colour: red }")
                == ["sidecar.yaml:1:8: unknown key 'colour' in log; the keys here are level, format, slow"])
    }

    @Test func whatIsThereAlreadyIsSaid() {
        #expect(
            faults(below: "log: { level: info, levle: info }")
                == ["sidecar.yaml:1:21: unknown key 'levle' in log; did you mean 'level', which already exists?"])
    }

    @Test func mergeKeysAreRefused() {
        #expect(
            faults(below: "log: { <<: { level: info } }")
                == ["sidecar.yaml:1:8: merge keys ('<<') are not supported in log; write the keys out"])
    }
}
