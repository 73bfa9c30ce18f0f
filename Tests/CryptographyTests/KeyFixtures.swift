/// Keys as tools write them. All were made from the octets 0 to 31; the encrypted ones have the passphrase `x`.
enum KeyFixtures {
    static let pem = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
        -----END PRIVATE KEY-----
        """

    static let encryptedPEM = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAqcE4jrRQnwvo1BTWL
        Kx1JAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQVgwGBWIcPcrKwtmn
        0DOpBwRAmwjyKHXML1E9Krfgye2kucQEBiOlSgDMPnXiZatC3C0zYl16I+hBqKNU
        snLL+2BC7cUj6QxB9b92CuJ3kjgBlQ==
        -----END ENCRYPTED PRIVATE KEY-----
        """

    static let openSSH = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz
        c2gtZWQyNTUxOQAAACADoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuAAA
        AIhvjI2db4yNnQAAAAtzc2gtZWQyNTUxOQAAACADoQe/884Qvh1w3RjnS8CZZ+TW
        MJulDV8d3IZkElUxuAAAAEAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e
        HwOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AAAAAAECAwQF
        -----END OPENSSH PRIVATE KEY-----
        """

    static let encryptedOpenSSH = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDq
        cwExJw75iwblKo8vUX9TAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIAOh
        B7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AAAAkKpzKGInmkTY9NSbMkZ4
        vm7u2/dZLgfYS/ghFD9rFa2l/iWm30YJmoxs3MUGZlNOdDi+tj/9DH+UWpYI+THD
        mfQqWD1bV0YYlBao/Y5RTQsegNkaotgIQeor46MgGt2HjdsccaOJZO8QvRJFT4FX
        /eYOFVXG8S+6r+hmMOaQcwEoP98VJjqwJ01d1sJBazsHrw==
        -----END OPENSSH PRIVATE KEY-----
        """

    static let ellipticPEM = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAECAwQFBgcICQoL
        DA0ODxAREhMUFRYXGBkaGxwdHh+hRANCAAR6WTGAhgxAN8g8EnSYRcjuFCTdKX+t
        y4leNYJV0sfSsqjKJVgPJib+V5Bi/xuZ/5HCSg2gb7MrW+IBSMkkn1ZQ
        -----END PRIVATE KEY-----
        """

    static let encryptedEllipticPEM = """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-256-CBC,CACEF9246E237C982F65985BEB38DFFE

        vOkcy/0C0O08YOff4pllWK8CpIyW3x2/JSlc59XJ6GCzxJ+bcDxbzbJkCZ/VAwxT
        n7oZwuYT49WJ+/k40FoeeYjygraG1kO4orEfa1TjoZL9dpEqv7ex7Y85WS9ktMK5
        9uKibss8YXLQCuCf/vGNUsuAIfE1teEir18op7UOCHM=
        -----END EC PRIVATE KEY-----
        """

    static let ellipticOpenSSH = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNl
        Y2RzYS1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQR6WTGAhgxAN8g8EnSY
        RcjuFCTdKX+ty4leNYJV0sfSsqjKJVgPJib+V5Bi/xuZ/5HCSg2gb7MrW+IBSMkk
        n1ZQAAAAmBOwm/0TsJv9AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAy
        NTYAAABBBHpZMYCGDEA3yDwSdJhFyO4UJN0pf63LiV41glXSx9KyqMolWA8mJv5X
        kGL/G5n/kcJKDaBvsytb4gFIySSfVlAAAAAfAQIDBAUGBwgJCgsMDQ4PEBESExQV
        FhcYGRobHB0eHwAAAAAB
        -----END OPENSSH PRIVATE KEY-----
        """

    static let x25519PEM = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
        -----END PRIVATE KEY-----
        """

    static let publicPEM = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=
        -----END PUBLIC KEY-----
        """

    static let publicOpenSSH =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
}
